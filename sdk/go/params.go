package heliosdb

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// paramsJSON is the arguments as the JSON array that the host's exec takes; false: one of them is none of JSON's.
func paramsJSON(args []any) (string, bool) {
	out := make([]byte, 0, 64)
	for i, value := range args {
		out = append(out, ",["[b2i(i == 0)])
		switch v := value.(type) {
		case nil:
			out = append(out, "null"...)
		case bool:
			out = strconv.AppendInt(out, int64(b2i(v)), 10)
		case int:
			out = strconv.AppendInt(out, int64(v), 10)
		case int64:
			out = strconv.AppendInt(out, v, 10)
		case int32:
			out = strconv.AppendInt(out, int64(v), 10)
		case float64:
			if math.IsInf(v, 0) || math.IsNaN(v) {
				return "", false
			}
			out = appendReal(out, v)
		case string:
			if !utf8.ValidString(v) {
				return "", false
			}
			out = appendQuoted(out, v)
		default:
			return "", false
		}
	}
	return string(append(out, ']')), true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// appendReal keeps a real a real: 3 is written 3.0.
func appendReal(out []byte, v float64) []byte {
	begin := len(out)
	out = strconv.AppendFloat(out, v, 'g', -1, 64)
	for _, c := range out[begin:] {
		if c == '.' || c == 'e' {
			return out
		}
	}
	return append(out, ".0"...)
}

func appendQuoted(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
