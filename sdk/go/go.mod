module heliosdb

go 1.24
