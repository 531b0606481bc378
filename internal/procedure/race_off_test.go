//go:build !race

package procedure

const raceDetector = false
