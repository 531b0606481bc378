package procedure

import "slices"

// Step is a part of the method as a person sees it.
type Step string

// The steps, in the order of the method.
const (
	Preflight    Step = "preflight"
	Backup       Step = "backup"
	Keep         Step = "keep"
	Load         Step = "load"
	Recover      Step = "recover"
	Assess       Step = "assess"
	Modify       Step = "modify"
	Verify       Step = "verify"
	RestoreFiles Step = "restore-files"
	Done         Step = "done"
)

// Steps lists them in the order of the method.
func Steps() []Step {
	return []Step{Preflight, Backup, Keep, Load, Recover, Assess, Modify, Verify, RestoreFiles, Done}
}

// Op is one thing that is done or read for a step.
type Op string

// The operations.
const (
	OpPreflight    Op = "preflight"     // read: identify, check fit, rehearse
	OpBackup       Op = "backup"        // effect: the device sends its configuration
	OpKeep         Op = "keep"          // effect: the device stores the files that loading changes
	OpUpdate       Op = "update"        // effect: the device downloads and loads the release
	OpReboot       Op = "reboot"        // effect: the device restarts and comes back
	OpIdentify     Op = "identify"      // read: identity and version, after loading and before the proof
	OpRecover      Op = "recover"       // effect: the device fetches its configuration and loads it
	OpAssess       Op = "assess"        // computed on the server: the migration of the backup
	OpModify       Op = "modify"        // effect: the device fetches the modified configuration
	OpVerify       Op = "verify"        // effect: second backup, compared in meaning with what is expected
	OpRestoreFiles Op = "restore-files" // effect: the device puts the kept files back; done twice, it is as done once
	OpProveRestore Op = "prove-restore" // effect: backup, compared with the one before loading
)

// Ops lists every operation.
func Ops() []Op {
	return []Op{OpPreflight, OpBackup, OpKeep, OpUpdate, OpReboot, OpIdentify, OpRecover, OpAssess, OpModify, OpVerify,
		OpRestoreFiles, OpProveRestore}
}

// IsRead says whether the operation changes nothing on the device, so that it
// may be done again without asking what became of it.
func (o Op) IsRead() bool { return o == OpPreflight || o == OpIdentify || o == OpAssess }

// Phase says what the run is doing.
type Phase string

// The phases.
const (
	Reading    Phase = "reading"    // a read is under way
	Commanding Phase = "commanding" // the intent is durable; whether the device was told is not known yet
	Awaiting   Phase = "awaiting"   // the device was told and is working
	Probing    Phase = "probing"    // finding out what became of an effect
	Asking     Phase = "asking"     // a question is open
	Holding    Phase = "holding"    // nothing is loaded yet; waiting for the window to open
	Ended      Phase = "ended"
)

// Cause says why something failed. Words are stable: they stand in questions,
// standing answers and reports.
type Cause string

// The causes that the procedure itself distinguishes; drivers add the
// family's own failure in the event's Detail.
const (
	DeviceFailed      Cause = "device-failed"      // the device said that it failed
	Refused           Cause = "refused"            // the device refused the command; nothing happened
	Timeout           Cause = "timeout"            // the predetermined time has passed
	NoAnswer          Cause = "no-answer"          // the device does not answer
	TransferFailed    Cause = "transfer-failed"    // the file did not arrive whole
	BackupInvalid     Cause = "backup-invalid"     // arrived, but is not a whole configuration
	DoesNotFit        Cause = "does-not-fit"       // the release is not for this device
	IdentityChanged   Cause = "identity-changed"   // another device answers at the address
	WrongVersion      Cause = "wrong-version"      // the version read back is not the wanted one
	CannotKeep        Cause = "cannot-keep"        // the old files cannot be kept on this device
	NoRoom            Cause = "no-room"            // not enough space on the device
	Concerns          Cause = "concerns"           // preflight found something a person should know
	ManualFindings    Cause = "manual-findings"    // the migration needs a person
	MigrationFailed   Cause = "migration-failed"   // the migration gave an error; the backup is unchanged
	ConfigurationLost Cause = "configuration-lost" // lines are missing or different after recovery
	HealthFailed      Cause = "health-failed"      // a health check of the driver failed
	OutcomeUnknown    Cause = "outcome-unknown"    // the probe could not tell what became of an effect
	WindowClosed      Cause = "window-closed"      // loading may not begin now; nothing was changed
	ServerFailed      Cause = "server-failed"      // drydock itself could not do its part (disk, key, file missing)
)

// Causes lists every cause.
func Causes() []Cause {
	return []Cause{DeviceFailed, Refused, Timeout, NoAnswer, TransferFailed, BackupInvalid, DoesNotFit, IdentityChanged,
		WrongVersion, CannotKeep, NoRoom, Concerns, ManualFindings, MigrationFailed, ConfigurationLost, HealthFailed,
		OutcomeUnknown, WindowClosed, ServerFailed}
}

// Choice is an answer to a question.
type Choice string

// The choices.
const (
	Repeat  Choice = "repeat"        // do the step again
	Stop    Choice = "stop"          // nothing more happens on the device in this run
	Restore Choice = "restore-files" // put the old files back and prove it
	Proceed Choice = "proceed"       // go on in spite of what was found
)

// Choices lists every choice.
func Choices() []Choice { return []Choice{Repeat, Proceed, Restore, Stop} }

// Verdict is what a probe found out about an effect.
type Verdict string

// The verdicts.
const (
	NotStarted  Verdict = "not-started" // it never began
	Running     Verdict = "running"     // it is going on
	Succeeded   Verdict = "succeeded"   // it is done
	Failed      Verdict = "failed"      // it ended in failure
	Inscrutable Verdict = "unknown"     // the device cannot tell
)

// Outcome is how a run ended.
type Outcome string

// The outcomes.
const (
	Updated    Outcome = "updated"     // new version, configuration carried and proven
	Unneeded   Outcome = "unneeded"    // the device already ran the wanted version; nothing was touched
	RolledBack Outcome = "rolled-back" // old version and old configuration, proven
	Stopped    Outcome = "stopped"     // by a person's answer or cancel
	BackedUp   Outcome = "backed-up"   // a backup was taken by hand
	Reverted   Outcome = "reverted"    // an older version with the configuration that belonged to it, proven
	Restored   Outcome = "restored"    // a backup was recovered by hand, and proven
	Expired    Outcome = "expired"     // nobody answered before the question's deadline
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{Updated, Unneeded, RolledBack, Stopped, BackedUp, Reverted, Restored, Expired}
}

// Left says in what state a run that ended left the device.
type Left string

// The states a device is left in. Proven means: read back from the device
// after everything that changed it. Accepted means: read back, and a person
// went on in spite of the differences in Result.Accepted.
const (
	Untouched      Left = "untouched"              // nothing was loaded
	NewProven      Left = "new-proven"             // new version, configuration proven
	NewAccepted    Left = "new-accepted"           // new version, configuration or health with accepted differences
	OldProven      Left = "old-proven"             // old version, configuration proven equal
	OldAccepted    Left = "old-accepted"           // old version, configuration with accepted differences
	NewUnproven    Left = "new-unproven"           // the new version was read back after loading; what came after is not proven
	LoadUnproven   Left = "load-unproven"          // loading was ordered; what runs is not proven: needs hands
	ConfigProven   Left = "configuration-proven"   // version untouched, the wanted configuration proven
	ConfigAccepted Left = "configuration-accepted" // version untouched, configuration with accepted differences
	ConfigUnproven Left = "configuration-unproven" // version untouched; a configuration was ordered to be loaded and is not proven
	RestoreUnknown Left = "restore-unknown"        // putting back was ordered and is not proven: needs hands
)

func knownStep(s Step) bool { return slices.Contains(Steps(), s) }
