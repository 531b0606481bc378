// The page against the real binary, in this order: an empty server, the same
// with a fleet that asks, the demonstration (which ran meanwhile).
import empty from './start.mjs';
import questions from './questions.mjs';
import demonstration from './fleet.mjs';

empty();
questions();
demonstration();
