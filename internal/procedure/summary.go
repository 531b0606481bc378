package procedure

// Summary is a run as equipment that carries it out by itself tells it to
// others.
type Summary struct {
	Run      string    `json:"run,omitempty"`
	Target   string    `json:"target,omitempty"`
	Step     Step      `json:"step,omitempty"`
	Phase    Phase     `json:"phase,omitempty"`
	Question *Question `json:"question,omitempty"`
	Result   *Result   `json:"result,omitempty"`
	Error    string    `json:"error,omitempty"` // of the newest order that did not become a run
}

// Summary tells the run in short.
func (s State) Summary() Summary {
	return Summary{Run: string(s.Plan.Run), Target: s.Plan.Target, Step: s.Step, Phase: s.Phase, Question: s.Question, Result: s.Result}
}

// SelfAnswer is a person's answer to a question of equipment that carries its
// run out by itself.
type SelfAnswer struct {
	Question string `json:"question"`
	Choice   Choice `json:"choice"`
	By       string `json:"by,omitempty"`
}
