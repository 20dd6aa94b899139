module procedure_name

go 1.24

require heliosdb v0.0.0

replace heliosdb => ./heliosdb
