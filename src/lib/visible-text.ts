/**
 * Characters that show nothing: white space, control and format characters, those that Unicode says to ignore (variation
 * selectors, fillers, joiners), and the blank patterns of braille and musical notation.
 */
const unseen = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]*$/u

/** Whether a person sees anything of a text. */
export function isVisible(text: string): boolean {
  return !unseen.test(text)
}
