package heliosdb

import (
	"io"

	"heliosdb/internal/abi"
)

// Flags of OpenFile.
const (
	FileWrite  = 1
	FileCreate = 2
	FileNew    = 4 // only if there is none
	FileEmpty  = 8
	FileAppend = 16
)

// A File is below a granted path. It is an io.Reader, io.Writer, io.ReaderAt, io.WriterAt and io.Closer.
type File struct {
	id int32
	at int64
}

// Open opens a file for reading; OpenFile for what the flags say.
func Open(path string) (*File, error) { return OpenFile(path, 0) }

func OpenFile(path string, flags int32) (*File, error) {
	id := abi.FileOpen(path, flags)
	if id < 0 {
		return nil, refused(int64(id))
	}
	return &File{id: id}, nil
}

func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	done := 0
	for done < len(p) {
		n := abi.FileRead(f.id, offset+int64(done), p[done:])
		if n < 0 {
			return done, refused(int64(n))
		}
		if n == 0 {
			return done, io.EOF
		}
		done += int(n)
	}
	return done, nil
}

func (f *File) Read(p []byte) (int, error) {
	n := abi.FileRead(f.id, f.at, p)
	if n < 0 {
		return 0, refused(int64(n))
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	f.at += int64(n)
	return int(n), nil
}

func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	done := 0
	for done < len(p) {
		n := abi.FileWrite(f.id, offset+int64(done), text(p[done:]))
		if n < 0 {
			return done, refused(int64(n))
		}
		if n == 0 {
			return done, io.ErrShortWrite
		}
		done += int(n)
	}
	return done, nil
}

func (f *File) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

// Size is the file's size in bytes.
func (f *File) Size() (int64, error) {
	n := abi.FileSize(f.id)
	if n < 0 {
		return 0, refused(n)
	}
	return n, nil
}

func (f *File) Close() error { return check(abi.FileClose(f.id)) }

// Remove removes a file.
func Remove(path string) error { return check(abi.FileRemove(path)) }

// List is the names in a folder, a JSON array.
func List(path string) (JSON, error) {
	names, err := sized(make([]byte, 4096), func(b []byte) int32 { return abi.FileList(path, 0, b) })
	return JSON(names), err
}

// A Response of HTTP. Its body can be read until the next request or the end of the call.
type Response struct{ Status int }

// HTTP makes one request to a granted host by https; headers are lines "Name: value\n".
func HTTP(method, url, headers string, body []byte) (Response, error) {
	n := abi.HTTP(method, url, headers, text(body))
	return Response{int(n)}, check(n)
}

// Header is a header of the response; Absent: there is none.
func (Response) Header(name string) (string, error) {
	v, err := sized(make([]byte, 256), func(b []byte) int32 { return abi.HTTPHeader(name, b) })
	return text(v), err
}

// Body is the whole body.
func (Response) Body() ([]byte, error) {
	return sized(make([]byte, 4096), func(b []byte) int32 { return abi.HTTPRead(0, b) })
}
