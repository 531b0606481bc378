import type { Question } from '../api/client';

/** Questions of the same cause at the same step, which the same answer fits. */
export interface QuestionGroup {
  key: string;
  step: string;
  cause: string;
  choices: string[];
  questions: Question[];
}

/** Groups questions by cause and step, the largest first. */
export function groupQuestions(questions: Question[]): QuestionGroup[] {
  const groups = new Map<string, QuestionGroup>();
  for (const q of questions) {
    const key = `${q.cause}-${q.step}`;
    const g = groups.get(key) ?? { key, step: q.step, cause: q.cause, choices: [], questions: [] };
    for (const c of q.choices ?? []) if (!g.choices.includes(c)) g.choices.push(c);
    g.questions.push(q);
    groups.set(key, g);
  }
  return [...groups.values()].sort((a, b) => b.questions.length - a.questions.length || a.key.localeCompare(b.key));
}
