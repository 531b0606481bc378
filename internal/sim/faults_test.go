package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/fault"
)

func TestParseFaults(t *testing.T) {
	got, err := ParseFaults("dev=3 op=update fault=fail count=2 cause=badImage; dev=1,5-7 op=backup fault=slow=20s;\n" +
		"dev=* fault=drop=0.25;dev=2 op=restore-files fault=truncate=100 count=0 after=1;")
	if err != nil {
		t.Fatal(err)
	}
	want := []Fault{
		{Devices: []Range{{3, 3}}, Op: equipment.Update, Kind: Fail, Count: 2, Cause: equipment.BadImage},
		{Devices: []Range{{1, 1}, {5, 7}}, Op: equipment.Backup, Kind: Slow, For: 20 * time.Second, Count: 1, Cause: equipment.InternalError},
		{Devices: []Range{{1, 1<<63 - 1}}, Kind: Drop, P: 0.25, Cause: equipment.InternalError},
		{Devices: []Range{{2, 2}}, Op: equipment.RestoreFiles, Kind: Truncate, N: 100, After: 1, Cause: equipment.InternalError},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if none, err := ParseFaults(" ; "); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
}

func TestParseFaultsSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"dev=0 fault=fail":              "device numbers",
		"dev=5-3 fault=fail":            "device numbers",
		"fault=fail":                    "no device",
		"dev=1":                         "nothing goes wrong",
		"dev=1 fault=explode":           `"explode" is none of`,
		"dev=1 fault=fail=3":            "takes no argument",
		"dev=1 fault=slow=-1s":          "expected a time",
		"dev=1 fault=slow":              "expected a time",
		"dev=1 fault=drop=2":            "probability",
		"dev=1 fault=drop=NaN":          "probability",
		"dev=1 fault=lose=x":            "expected a number",
		"dev=1 fault=fail count=-1":     "expected a number",
		"dev=1 op=fly fault=fail":       "expected backup",
		"dev=1 fault=fail cause=gremli": "no cause",
		"dev=1 fault=fail often":        "expected dev=",
		"dev=1 fault=lie; dev=x":        "number 2",
	} {
		_, err := ParseFaults(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

// TestEveryKindIsDescribed keeps the package comment and the code together.
func TestEveryKindIsDescribed(t *testing.T) {
	for _, k := range Kinds() {
		argument := map[Kind]string{Slow: "=1s", Late: "=1s", Truncate: "=1", Lose: "=1", Drop: "=1"}[k]
		if _, err := ParseFaults("dev=1 fault=" + string(k) + argument); err != nil {
			t.Error(err)
		}
	}
}

func TestCountsAndAfter(t *testing.T) {
	faults, err := ParseFaults("dev=1 op=backup fault=fail count=2 after=1; dev=1 op=update fault=lie count=0")
	if err != nil {
		t.Fatal(err)
	}
	if newTrouble(2, 1, faults) != nil {
		t.Error("a device without faults has trouble")
	}
	tr := newTrouble(1, 1, faults)
	var backups, updates []int
	for range 5 {
		backups = append(backups, len(tr.take(equipment.Backup)))
		updates = append(updates, len(tr.take(equipment.Update)))
	}
	if fmt.Sprint(backups, updates) != "[0 1 1 0 0] [1 1 1 1 1]" {
		t.Errorf("backups %v, updates %v", backups, updates)
	}
}
