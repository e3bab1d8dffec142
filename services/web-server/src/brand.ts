/** The shop's name, as it stands in titles and on the sign above the door. */
export const brand = "Fieldnote Goods";
/** One sentence under the name. */
export const claim = "Useful things, honestly described.";

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
/** A price in US dollars as people read it: `$1,234.50`. */
export const money = (amount: number): string => dollars.format(amount);
