package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestClientIsWhatTheAPISays: an operation that was added or changed shows in
// the client before it is landed.
func TestClientIsWhatTheAPISays(t *testing.T) {
	want, err := generate(document(), "../../client")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../client/operations_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("client/operations_gen.go is not what the API says: make client")
	}
}

// TestWhatIsNotKnownIsRefused: an operation that the tables name and the API
// has not, and a type that the client has not.
func TestWhatIsNotKnownIsRefused(t *testing.T) {
	for what, change := range map[string][2]string{
		"no operation list-runs": {`"operationId":"list-runs"`, `"operationId":"list-walks"`},
		`no type for "Entropy"`:  {`#/components/schemas/Entry"`, `#/components/schemas/Entropy"`},
	} {
		doc := strings.ReplaceAll(string(document()), change[0], change[1])
		if _, err := generate([]byte(doc), "../../client"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
