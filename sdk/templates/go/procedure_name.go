// Package main is the procedure: `heliosc build go.mod` writes what is between it and SQL.
package main

import "heliosdb"

// Price is the price with tax.
//
// @helios name procedure_name
func Price(total, rate float64) (float64, error) {
	if rate < 0 {
		return 0, heliosdb.NewError(1, "a rate is not negative")
	}
	return total * (1 + rate), nil
}
