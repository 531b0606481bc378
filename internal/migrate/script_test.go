package migrate

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/internal/fault"
)

// scripted loads a pack with one script rule, whose function is f.
func scripted(format, detect, source string) (*Pack, error) {
	if detect != "" {
		detect = "detect: {" + detect + "}, "
	}
	return LoadPack(fstest.MapFS{
		"p/pack.yaml": {Data: fmt.Appendf(nil, "pack: p\nformat: %s\nversion: version {version}\nsteps:\n  - from: \"1\"\n    to: \"2\"\n    rules:\n      - {id: s, why: w, %sscript: s.star:f}\n", format, detect)},
		"p/s.star":    {Data: []byte(source)},
		"p/lib.star":  {Data: []byte("def shout(s):\n    return s.upper()\n")},
		"p/loop.star": {Data: []byte("load('loop.star', 'x')\n")},
	}, "p")
}

const scriptInput = `interfaces {
    ethernet eth0 {
        address 10.0.0.1/24
        address dhcp
        description "two words"
        vif 10 {
            mtu 1400
        }
    }
}
system {
    name-server 1.1.1.1
}
`

func TestScriptOperations(t *testing.T) {
	const eth = "    e = c.first('interfaces > ethernet {n}')\n"
	for name, c := range map[string]struct{ script, want string }{
		"set a value":         {eth + "    e.set('description', 'x')\n", strings.Replace(scriptInput, `"two words"`, `"x"`, 1)},
		"set drops others":    {eth + "    e.set('address', 'a b')\n", strings.Replace(strings.Replace(scriptInput, "10.0.0.1/24", `"a b"`, 1), "        address dhcp\n", "", 1)},
		"set a new one":       {eth + "    e.set('mtu', '9000')\n", strings.Replace(scriptInput, "            mtu 1400\n        }\n", "            mtu 1400\n        }\n        mtu 9000\n", 1)},
		"add one more":        {eth + "    e.add('address', 'dhcp6')\n    e.add('address', 'dhcp')\n", strings.Replace(scriptInput, "            mtu 1400\n        }\n", "            mtu 1400\n        }\n        address dhcp6\n", 1)},
		"ensure a block":      {"    c.root.ensure('system').ensure('ntp').ensure('server', 'a').add('prefer')\n", strings.Replace(scriptInput, "    name-server 1.1.1.1\n", "    name-server 1.1.1.1\n    ntp {\n        server a {\n            prefer\n        }\n    }\n", 1)},
		"ensure an empty one": {"    c.root.get('system').ensure('ntp')\n", strings.Replace(scriptInput, "    name-server 1.1.1.1\n", "    name-server 1.1.1.1\n    ntp {\n    }\n", 1)},
		"delete and prune":    {"    n = c.first('system > name-server {n}')\n    p = n.parent\n    n.delete(because='gone')\n    p.prune('empty')\n", strings.Replace(scriptInput, "system {\n    name-server 1.1.1.1\n}\n", "", 1)},
		"open":                {"    c.first('system > name-server {n}').open()\n    c.root.get('system').open()\n", strings.Replace(scriptInput, "name-server 1.1.1.1\n", "name-server 1.1.1.1 {\n    }\n", 1)},
		"rename":              {eth + "    e.rename('eth', e.value)\n", strings.Replace(scriptInput, "ethernet eth0", "eth eth0", 1)},
		"move": {eth + "    v = e.first('vif {n}')\n    v.move(c.root.ensure('system'), 'vlan', v.value)\n",
			strings.Replace(strings.Replace(scriptInput, "        vif 10 {\n            mtu 1400\n        }\n", "", 1), "    name-server 1.1.1.1\n", "    name-server 1.1.1.1\n    vlan 10 {\n        mtu 1400\n    }\n", 1)},
		"move into what is there": {"    t = c.root.ensure('interfaces')\n    s = c.root.get('system')\n    s.ensure('ethernet', 'eth0').add('vif')\n    s.get('ethernet', 'eth0').move(t)\n",
			strings.Replace(scriptInput, "            mtu 1400\n        }\n", "            mtu 1400\n        }\n        vif\n", 1)},
		"copy": {eth + "    e.first('vif {n}').copy(e, 'vif', '20')\n",
			strings.Replace(scriptInput, "            mtu 1400\n        }\n", "            mtu 1400\n        }\n        vif 20 {\n            mtu 1400\n        }\n", 1)},
		"before":   {eth + "    e.first('description {d}').before(e.children('address')[0])\n", strings.Replace(strings.Replace(scriptInput, "        description \"two words\"\n", "", 1), "        address 10", "        description \"two words\"\n        address 10", 1)},
		"read":     {eth + "    e.set('description', '|'.join([e.name, e.value, e.text, str(e.has('vif')), str(e.str('mtu')), e.str('mtu', default='d'), ','.join(e.strs('address')), str(len(e.children())), '>'.join(e.path), e.parent.name]))\n", strings.Replace(scriptInput, `"two words"`, `"ethernet|eth0|ethernet eth0|True|None|d|10.0.0.1/24,dhcp|4|interfaces>ethernet eth0|interfaces"`, 1)},
		"captures": {"    for n, caps in c.match('interfaces > ethernet {n} > vif {v}'):\n        n.set('descr', caps['n'] + '.' + caps['v'])\n", strings.Replace(scriptInput, "            mtu 1400\n", "            mtu 1400\n            descr eth0.10\n", 1)},
		"addresses": {"    n = ip_network('10.0.0.9/24')\n    c.root.get('system').set('name-server', ' '.join([n.network, n.netmask, n.broadcast, str(n.prefixlen), str(n.version), ip_add('10.0.0.255', 1), str(ip_contains('10.0.0.0/8', '10.1.1.1')), str(ip_network('x')), re_match('a(b)', 'xab')[1], re_sub('a+', '<$0>', 'caat')]))\n",
			strings.Replace(scriptInput, "1.1.1.1", `"10.0.0.0 255.255.255.0 10.0.0.255 24 4 10.0.1.0 True None b c<aa>t"`, 1)},
		"loaded": {"    c.root.get('system').set('name-server', shout('x'))\n", strings.Replace(scriptInput, "1.1.1.1", "X", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := scripted("braces", "", "load('lib.star', 'shout')\ndef f(c):\n"+c.script)
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.Apply("", "2", []byte("version 1\n"+scriptInput))
			if err != nil {
				t.Fatal(err)
			}
			if want := "version 2\n" + c.want; string(r.Output) != want {
				t.Errorf("got\n%s\nwant\n%s", r.Output, want)
			}
			checkAccount(t, []byte("version 1\n"+scriptInput), r)
		})
	}
}

// TestScriptAccount: what a script does is told line by line, in its words.
func TestScriptAccount(t *testing.T) {
	p, err := scripted("braces", "in: [interfaces], line: 'ethernet {n}'", `
def f(c, node):
    c.finding(node, "warning", "look at " + c.captures["n"])
    c.finding(None, "info", "about the whole")
    node.get("address").delete(because="no more")
    node.get("vif").copy(node, "vif", "11")
`)
	if err != nil {
		t.Fatal(err)
	}
	versioned := []byte("version 1\n" + scriptInput)
	r, err := p.Apply("", "2", versioned)
	if err != nil {
		t.Fatal(err)
	}
	checkAccount(t, versioned, r)
	if l := r.Fates[3]; l.Fate != Dropped || l.Rule != "s" || l.Because != "no more" {
		t.Errorf("the dropped line: %+v", l)
	}
	if l := r.Fates[7]; l.Fate != Kept || len(l.Outputs) != 2 {
		t.Errorf("the copied line: %+v", l)
	}
	if len(r.Findings) != 2 || r.Findings[0].Message != "about the whole" || r.Findings[0].Line != 0 {
		t.Fatalf("findings %+v", r.Findings)
	}
	r.Findings = r.Findings[1:]
	if r.Findings[0].Line != 3 || r.Findings[0].Message != "look at eth0" || r.Findings[0].Severity != Warning {
		t.Errorf("findings %+v", r.Findings)
	}
	if len(r.Rules) != 2 || r.Rules[0].ID != "s" {
		t.Errorf("rules %+v", r.Rules)
	}
}

func TestScriptsThatFail(t *testing.T) {
	for want, source := range map[string]string{
		"s.star:2:9: rule":                    "", // replaced below
		"no such thing":                       "def f(c):\n    fail('no such thing')\n",
		"was deleted before":                  "def f(c):\n    n = c.root.get('system')\n    n.delete()\n    n.set('a', 'b')\n",
		"cannot be put into itself":           "def f(c):\n    n = c.root.get('interfaces')\n    n.move(n.get('ethernet'))\n",
		"too many steps":                      "def f(c):\n    while True:\n        pass\n",
		"severity \"bad\"":                    "def f(c):\n    c.finding(None, 'bad', 'm')\n",
		"word 2 is int":                       "def f(c):\n    c.root.set('a', 1)\n",
		"s.star:2":                            "def f(c):\n    fail('x')\n",
		"whole configuration cannot":          "def f(c):\n    c.root.delete()\n",
		"error parsing regexp":                "def f(c):\n    re_match('(', 'x')\n",
		"neither an address":                  "def f(c):\n    ip_contains('x', 'y')\n",
		"has no .nonsense field or method":    "def f(c):\n    c.root.nonsense()\n",
		"are not in one block":                "def f(c):\n    c.root.get('system').before(c.first('interfaces > ethernet {n}'))\n",
		"a hole is a word of its own":         "def f(c):\n    c.find('a{b')\n",
		"more than 10000 deep":                "def g(n):\n    return g(n + 1)\ndef f(c):\n    g(0)\n",
		"NoneType":                            "def f(c):\n    n = c.root.get('system').get('name-server')\n    n.delete()\n    c.root.parent.add('x')\n",
		"\"name-server 1.1.1.1\" was deleted": "def f(c):\n    n = c.root.get('system').get('name-server')\n    n.delete()\n    n.parent.add('x')\n",
		"ip_add: there is no address 2 after": "def f(c):\n    ip_add('255.255.255.254', 2)\n",
		"there is no parameter \"otherwise\"": "def f(c):\n    c.root.str('a', otherwise='b')\n",
	} {
		if source == "" {
			continue
		}
		p, err := scripted("braces", "", source)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Apply("1", "2", []byte(scriptInput))
		if err == nil || !strings.Contains(err.Error(), want) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s\ngives %v, want %q", source, err, want)
		}
	}
}

func TestScriptsThatCannotBeLoaded(t *testing.T) {
	for want, source := range map[string]string{
		"s.star:2:5: undefined: nonsense": "def f(c):\n    nonsense()\n",
		"s.star:2:1: got end of file":     "def f(c\n",
		"has no function f":               "def g(c):\n    pass\n",
		"takes 3 parameters":              "def f(a, b, c):\n    pass\n",
		"loads itself":                    "load('loop.star', 'x')\ndef f(c):\n    pass\n",
		"outside of the pack's folder":    "load('../secret.star', 'x')\ndef f(c):\n    pass\n",
		"absent.star":                     "load('absent.star', 'x')\ndef f(c):\n    pass\n",
		"print outside of a function":     "print('x')\ndef f(c):\n    pass\n",
		"more than 10000 deep":            "def g(n):\n    return g(n)\ng(1)\ndef f(c):\n    pass\n",
		"at most 262144 are read":         strings.Repeat("# more\n", 1<<16),
		"s.star:1:":                       "1 / 0\ndef f(c):\n    pass\n",
	} {
		if _, err := scripted("braces", "", source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", source, err, want)
		}
	}
}
