package main

import (
	"testing"

	"heliosdb/heliosdbtest"
)

func TestPrice(t *testing.T) {
	heliosdbtest.New(t) // a host without a database, for procedures that ask it something
	if got, err := Price(100, 0.07); got != 107 || err != nil {
		t.Fatal(got, err)
	}
	if _, err := Price(100, -1); err == nil {
		t.Fatal("a negative rate is taken")
	}
}
