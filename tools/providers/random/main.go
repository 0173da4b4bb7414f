// Command pulumi-resource-random is the offline provider for the npm package @pulumi/random 4.21.1; see ../README.md.
// As in the official one every changed input makes a new resource; there is nothing to update.
package main

import (
	"crypto/rand"
	"fmt"
	"math/big"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"sovereign-edge/providers/plugin"
)

func main() { plugin.Main("random", "4.21.1", provider()) }

func provider() p.Provider {
	return plugin.NewBridged("random",
		infer.Resource(&RandomBytes{}),
		infer.Resource(&RandomID{}),
		infer.Resource(&RandomPassword{}),
		infer.Resource(&RandomPet{}),
	)
}

// randomBytes returns n bytes of the system's random source, which does not fail (crypto/rand since Go 1.24).
func randomBytes(n int) []byte {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes)
	return bytes
}

// randomIndex returns a number of 0…n-1, each as likely as the others.
func randomIndex(n int) int {
	index, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // only a random source that fails, and this one does not
	}
	return int(index.Int64())
}

// checkMinimum refuses a number below its minimum. Numbers that a preview does not know yet are let through.
func checkMinimum(req infer.CheckRequest, name string, value, minimum int) []p.CheckFailure {
	if value >= minimum || req.NewInputs.Get(name).IsComputed() {
		return nil
	}
	return []p.CheckFailure{{Property: name, Reason: fmt.Sprintf("%s must be at least %d, not %d", name, minimum, value)}}
}
