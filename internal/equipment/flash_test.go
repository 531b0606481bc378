package equipment

import (
	"errors"
	"testing"
)

func TestFlash(t *testing.T) {
	old, _ := image("1.4", 1, 300)
	first, second := Bank{Image: old}, Bank{}
	second.Image, _ = image("2.0", 2, 400)
	f := NewFlash(1000, first)
	cause := func(err error, want Cause) {
		t.Helper()
		var failure *Failure
		if !errors.As(err, &failure) || failure.Cause != want {
			t.Fatalf("%v, want cause %d", err, want)
		}
	}
	cause(f.Restore(), NothingKept)
	if err := f.Keep(); err != nil || f.Free() != 400 {
		t.Fatalf("%v, %d free", err, f.Free())
	}
	if err := f.Load(second); err != nil || f.Running().Image.Version != "1.4" {
		t.Fatalf("%v: loading must not change what runs", err)
	}
	if f.Start(false) || f.Running().Image.Version != "1.4" {
		t.Fatal("an image that does not come up must not run")
	}
	if f.Start(true) {
		t.Fatal("a bank that failed is not tried again")
	}
	_ = f.Load(second)
	if !f.Start(true) || f.Running().Image.Version != "2.0" || f.Other().Image.Version != "1.4" {
		t.Fatal("the new image does not run")
	}
	if f.Free() != 300 {
		t.Fatalf("%d free", f.Free())
	}
	if err := f.Restore(); err != nil || !f.Start(true) || f.Running().Image.Version != "1.4" {
		t.Fatalf("%v: the kept image does not run", err)
	}
	huge := second
	huge.Image.Size = 401
	cause(f.Load(huge), NoRoom)
	f.Capacity = 599
	cause(f.Keep(), NoRoom)
}
