// Command client generates client/operations_gen.go from the API's OpenAPI
// document: a method of client.Client for each operation that takes and gives
// JSON. What streams, uploads or keeps a session is written by hand beside it.
// make client runs it; go test ./tools/client says when it is due.
package main

import (
	"log"
	"os"
)

func main() {
	source, err := generate(document(), "client")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("client/operations_gen.go", source, 0o644); err != nil {
		log.Fatal(err)
	}
}
