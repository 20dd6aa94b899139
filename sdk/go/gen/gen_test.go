package main

import "testing"

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{"AddTax": "add_tax", "HTTPStatus": "http_status", "EchoI64": "echo_i64", "A": "a",
		"SHA256Of": "sha256_of", "userID": "user_id", "already_snake": "already_snake", "JSONName": "json_name"} {
		if got := snake(name); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
}
