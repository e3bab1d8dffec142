/** A price in whole cents: sums of dollars as floating point numbers would drift (0.1 + 0.2). */
export const cents = (dollars: number): number => Math.round(dollars * 100);

/** What some lines cost together, in dollars exact to the cent. */
export const total = (lines: readonly { readonly price: number; readonly quantity: number }[]): number =>
  lines.reduce((sum, { price, quantity }) => sum + cents(price) * quantity, 0) / 100;
