//! The language as a whole: the tech note's texts, every grammar line both ways, diagnostics, random text.
mod agreement;
mod diagnostics;
mod editor;
mod grammar;
mod ikev2;
mod lines;
mod lint;
mod random;
mod seed;
