package migrate

import (
	"slices"
	"strconv"

	"drydock/internal/strictyaml"
)

// factor is how a number changes with its unit: seconds to milliseconds are
// multiplied by 1000.
type factor struct{ multiply, divide int64 }

// of gives the number in the new unit; false where the text is no whole number
// or the result would not be one.
func (f factor) of(text string) (string, bool) {
	n, err := strconv.ParseInt(unquoteWord(text), 10, 64)
	if err != nil {
		return "", false
	}
	product := n * f.multiply
	if product/f.multiply != n { // more than 64 bits
		return "", false
	}
	return strconv.FormatInt(product/f.divide, 10), product%f.divide == 0
}

// scale reads "scale" of rename: hole -> {multiply, divide}.
func (l *loader) scale(n strictyaml.Node, names []string) map[string]factor {
	o := l.object(n, "scale")
	factors := map[string]factor{}
	for _, hole := range o.keys {
		if !slices.Contains(names, hole) {
			l.Wrong(o.spots[hole], oneOf("holes are", names), "scale: nothing is captured as {%s}", hole)
		}
		v := l.object(o.values[hole], "scale of "+hole, "multiply", "divide")
		f := factor{1, 1}
		for _, key := range v.keys {
			by, err := strconv.ParseInt(v.text(key), 10, 64)
			if err != nil || by < 1 {
				l.Wrong(v.spot(key), "", "scale of %s: %s is a whole number from 1", hole, key)
				by = 1
			}
			if key == "multiply" {
				f.multiply = by
			} else {
				f.divide = by
			}
		}
		if f.multiply == f.divide {
			l.Wrong(o.spots[hole], "say multiply or divide", "scale of %s changes nothing", hole)
		}
		if l.p.version == nil {
			l.Wrong(o.spots[hole], `say with "version" where a configuration tells it`, "scale of %s: applied twice it would change the number twice", hole)
		}
		factors[hole] = f
	}
	return factors
}
