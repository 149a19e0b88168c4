/** Returns a cost in US dollars to the nearest millionth; sums of floating-point numbers have a tail of digits. */
export function toMicroDollars(cost: number): number {
  return Math.round(cost * 1e6) / 1e6
}
