mod advance;
mod bound;
mod verdicts;
