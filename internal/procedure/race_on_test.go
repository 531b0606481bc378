//go:build race

package procedure

// raceDetector says that the explorer walks fewer plans: the detector makes it
// ten times slower, and there is no goroutine here for it to look at.
const raceDetector = true
