package equipment

// Bank is one place of the flash for an image with its configuration. An image
// of version "" means that it is empty.
type Bank struct {
	Image  Image
	Config Configuration // zero: the image runs with factory defaults
	Extra  int64         // octets of the release's other files
}

func (b Bank) size() int64 { return b.Image.Size + b.Extra + int64(len(b.Config.text)) }

func (b Bank) empty() bool { return b.Image.Version == "" }

// Flash is the memory that outlives restarts: two image banks, of which one
// runs, and the kept area. It holds what is known of images and not their
// octets. Every change is one assignment, so there is no state in between; who
// has the Flash guards it.
type Flash struct {
	Capacity int64 // octets

	banks   [2]Bank
	running int  // index of the bank that runs
	trial   bool // the next start tries the other bank
	kept    Bank
}

// NewFlash makes a flash with one image in it.
func NewFlash(capacity int64, b Bank) Flash {
	return Flash{Capacity: capacity, banks: [2]Bank{b}}
}

// Running is the bank that runs.
func (f *Flash) Running() Bank { return f.banks[f.running] }

// Other is the bank that does not run.
func (f *Flash) Other() Bank { return f.banks[1-f.running] }

// Kept is what keep has stored; it is empty before.
func (f *Flash) Kept() Bank { return f.kept }

// Free is the room for a new image, in octets: the other bank's content counts
// as free because it may be overwritten.
func (f *Flash) Free() int64 { return max(0, f.Capacity-f.Running().size()-f.kept.size()) }

// Load puts b into the other bank and marks that bank to be tried at the next
// start. The error is a *Failure with NoRoom.
func (f *Flash) Load(b Bank) error {
	if b.size() > f.Free() {
		return failed(NoRoom, "%d octets are needed and %d are free", b.size(), f.Free())
	}
	f.banks[1-f.running], f.trial = b, true
	return nil
}

// Keep copies the running bank to the kept area, in place of what is there.
// Where it needs the room it gives up the other bank's content. The error is a
// *Failure with NoRoom.
func (f *Flash) Keep() error {
	b := f.Running()
	if free := f.Capacity - b.size(); b.size() > free {
		return failed(NoRoom, "to keep %d octets there are only %d", b.size(), free)
	}
	f.kept = b
	if f.Other().size() > f.Free() {
		f.banks[1-f.running] = Bank{}
	}
	return nil
}

// Restore loads the kept image and configuration for the next start. The error
// is a *Failure with NothingKept or NoRoom.
func (f *Flash) Restore() error {
	if f.kept.empty() {
		return failed(NothingKept, "nothing was kept")
	}
	return f.Load(f.kept)
}

// Save makes c the running bank's configuration.
func (f *Flash) Save(c Configuration) { f.banks[f.running].Config = c }

// Start is what the boot loader does: it tries the bank that Load marked, and
// where that does not come up it stays with the one that ran. It says whether
// the bank has changed.
func (f *Flash) Start(comesUp bool) (changed bool) {
	if f.trial && comesUp {
		f.running, changed = 1-f.running, true
	}
	f.trial = false
	return changed
}
