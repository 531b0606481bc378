package driver

import (
	"cmp"
	"fmt"
	"strconv"

	"drydock/internal/strictyaml"
)

// healthRule is one value that must not be worse after the update.
type healthRule struct {
	name string
	must string // "not-fall", "not-rise", "stay"
	text string
}

// readHealth reads "health" and makes it the program of the operation.
func (d *Driver) readHealth(r *reader, n strictyaml.Node) {
	c := &compiler{reader: r, driver: d, op: Health, scope: &scope{schema: d.schema, locals: map[string]bool{}}}
	var get getStep
	for _, f := range r.fields(n, "health") {
		o := r.object(f.value, "health "+f.key, "object", "must", "text")
		item := getItem{as: f.key, unit: 1, optional: true}
		obj, ok := o.need("object", "the object to read")
		if ok {
			item.ref, ok = c.ref(obj, "object")
		}
		rule := healthRule{f.key, o.word("must", "stay", "not-fall", "not-rise", "stay"), o.text("text")}
		if ok {
			get.items = append(get.items, item)
			d.health = append(d.health, rule)
		}
	}
	d.programs[Health] = &program{op: Health, actions: []action{{at: n.Place(), do: &get}}}
}

// CompareHealth says, for a person, what is worse than before. Values are those
// of Result.Health; one that was not read before is not compared.
func (d *Driver) CompareHealth(before, after map[string]string) []string {
	var worse []string
	for _, rule := range d.health {
		was, had := before[rule.name]
		if !had {
			continue
		}
		is, has := after[rule.name]
		switch {
		case !has:
			worse = append(worse, fmt.Sprintf("%s: was %s, the device does not tell it now", rule.title(), was))
		case rule.broken(was, is):
			worse = append(worse, fmt.Sprintf("%s: was %s, is %s", rule.title(), was, is))
		}
	}
	return worse
}

func (h healthRule) title() string { return cmp.Or(h.text, h.name) }

func (h healthRule) broken(was, is string) bool {
	before, err1 := strconv.ParseInt(was, 10, 64)
	after, err2 := strconv.ParseInt(is, 10, 64)
	if h.must == "stay" || err1 != nil || err2 != nil {
		return was != is
	}
	if h.must == "not-fall" {
		return after < before
	}
	return after > before
}

// Reads lists the values that identify reads, for those who want to know what
// the driver looks at. Instances that depend on the device are left out.
func (d *Driver) Reads() []Reading {
	p := d.programs[Identify]
	if p == nil {
		return nil
	}
	var all []Reading
	for _, a := range p.actions {
		get, ok := a.do.(*getStep)
		if !ok {
			continue
		}
		for _, item := range get.items {
			oid := item.ref.object.oid
			if item.ref.instance.isFixed() {
				oid += "." + item.ref.instance.String()
			}
			all = append(all, Reading{item.as, item.ref.object.name, oid})
		}
	}
	return all
}
