/**
 * Texts as the words that are looked for in them. Case, accents and width make no difference. Scripts that are written
 * without spaces between words are taken character by character, so that any part of a text in them is found.
 */
export interface Word {
  /** Folded. */
  readonly word: string;
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
}

const WORDS = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const PARTS = new RegExp(`${UNSPACED.source}\\p{M}*|(?:(?!${UNSPACED.source}).)+`, 'gsu');
const ASCII = /^[\x00-\x7f]*$/;

export function* wordsOf(text: string): Generator<Word> {
  for (const { 0: run, index } of text.matchAll(WORDS)) {
    if (ASCII.test(run) || !UNSPACED.test(run)) {
      const word = folded(run);
      if (word !== '') yield { word, start: index, end: index + run.length };
      continue;
    }
    for (const { 0: part, index: at } of run.matchAll(PARTS)) {
      const word = folded(part);
      if (word !== '') yield { word, start: index + at, end: index + at + part.length };
    }
  }
}

/** As it goes into the index, which takes words as what stands between spaces and marks. */
export function indexed(text: string): string {
  if (ASCII.test(text)) return text;
  const words: string[] = [];
  for (const { word } of wordsOf(text)) words.push(word);
  return words.join(' ');
}

/** Without accents, in lower case; Hangul syllables stay whole. */
const folded = (text: string): string =>
  ASCII.test(text) ? text.toLowerCase() : text.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC').toLowerCase();
