module github.com/heliosdb/wasm-sdk-go

go 1.24

require heliosdb v0.0.0

replace heliosdb => ../
