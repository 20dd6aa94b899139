package heliosdb

import (
	"heliosdb/internal/abi"
)

// Algorithms of Hash and HMAC.
const (
	SHA256   = 0
	SHA512   = 1
	SHA384   = 3
	SHA3_256 = 4
	BLAKE2b  = 5
	SHA1     = 6 // for old data only: it is broken
)

// Ed25519 is the algorithm of Sign and Verify: keys of 32 bytes (the secret one is the seed), signatures of 64.
const Ed25519 = 0

// Hash is a digest, computed by the host. (crypto/sha256 works too, in the module, without a grant.)
func Hash(algorithm int32, data []byte) ([]byte, error) {
	return sized(make([]byte, 64), func(b []byte) int32 { return abi.Hash(algorithm, text(data), b) })
}

// HMAC is a digest with a key.
func HMAC(algorithm int32, key, data []byte) ([]byte, error) {
	return sized(make([]byte, 64), func(b []byte) int32 { return abi.HMAC(algorithm, text(key), text(data), b) })
}

// Sign signs with the secret key.
func Sign(algorithm int32, secret, data []byte) ([]byte, error) {
	return sized(make([]byte, 64), func(b []byte) int32 { return abi.Sign(algorithm, text(secret), text(data), b) })
}

// Verify says whether a signature is right.
func Verify(algorithm int32, public, data, signature []byte) (bool, error) {
	n := abi.Verify(algorithm, text(public), text(data), text(signature))
	return n > 0, check(n)
}
