// Package logs is a log/slog handler that writes the procedure's log:
//
//	slog.SetDefault(slog.New(logs.Handler(slog.LevelInfo)))
package logs

import (
	"bytes"
	"context"
	"log/slog"

	"heliosdb"
)

type handler struct {
	slog.Handler
	out *bytes.Buffer
}

// Handler writes "message key=value ..." at the level's own; lines below least are dropped.
func Handler(least slog.Leveler) slog.Handler {
	out := &bytes.Buffer{}
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	return handler{slog.NewTextHandler(out, &slog.HandlerOptions{Level: least, ReplaceAttr: drop}), out}
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	h.out.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	level := heliosdb.LevelDebug
	switch {
	case r.Level >= slog.LevelError:
		level = heliosdb.LevelError
	case r.Level >= slog.LevelWarn:
		level = heliosdb.LevelWarn
	case r.Level >= slog.LevelInfo:
		level = heliosdb.LevelInfo
	}
	return heliosdb.Log(level, string(bytes.TrimRight(h.out.Bytes(), "\n")))
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.out}
}

func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.out}
}
