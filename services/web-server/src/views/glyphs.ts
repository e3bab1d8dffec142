/** Line drawings of 48 × 48, the first whose words stand in a product's name or category. Stroked, not filled. */
export const glyphs: readonly (readonly [words: RegExp, path: string])[] = [
  [/skillet|frying|wok|pan\b/i, "M5 25a14 14 0 0 0 28 0zM33 26l11-6M12 19c0-3 3-3 3-6M20 19c0-3 3-3 3-6"],
  [
    /cutting board|bread board/i,
    "M16 14h16a3 3 0 0 1 3 3v24a3 3 0 0 1-3 3H16a3 3 0 0 1-3-3V17a3 3 0 0 1 3-3zM21 14V7a3 3 0 0 1 6 0v7M24 9v0",
  ],
  [/scale/i, "M10 13h28M14 13v7h20v-7M9 20h30l3 22H6zM24 38a6 6 0 1 0-.1 0M24 32l3-3"],
  [/knife|secateurs|opener/i, "M6 33 30 9c3 6 1 13-5 18l-6 4zM19 31 9 41"],
  [/spoon|ladle|whisk/i, "M30 6c6-2 12 4 10 10-1 5-7 8-12 6L12 40c-3 3-7-1-4-4l17-17c-2-5 0-11 5-13z"],
  [
    /kettle|teapot|watering/i,
    "M12 22h20v14a6 6 0 0 1-6 6h-8a6 6 0 0 1-6-6zM32 26l10-8M12 27c-8 0-8 10 0 10M22 22v-5M15 17h14",
  ],
  [
    /mug|cup|assam|matcha|dripper|moka/i,
    "M10 18h24v14a8 8 0 0 1-8 8h-8a8 8 0 0 1-8-8zM34 21c8 0 8 12 0 12M16 12c0-4 3-3 3-7M25 12c0-4 3-3 3-7",
  ],
  [/grinder|mill/i, "M16 6h12l-2 8h-8zM15 14h14l3 28H12zM22 6V3M18 24h8M17 32h10"],
  [
    /jar|tin\b|ink|polish|flask/i,
    "M15 6h18v7H15zM13 18c0-3 2-5 4-5h14c2 0 4 2 4 5v20a4 4 0 0 1-4 4H17a4 4 0 0 1-4-4zM13 24h22M13 34h22",
  ],
  [/notebook|calendar|paper pendant/i, "M11 6h24a3 3 0 0 1 3 3v30a3 3 0 0 1-3 3H11zM17 6v36M23 15h9M23 22h9"],
  [/pen\b|pencil/i, "M9 39l3-10L33 8l7 7-21 21zM29 12l7 7M12 29l7 7"],
  [/lamp|sconce|reading light/i, "M10 42h18M19 42V30l-7-9L25 9M21 5l14 13c-4 5-9 6-13 2s-4-11-1-15zM34 26l3 4M29 28v5"],
  [/candle|lantern|fire/i, "M17 22h14v20H17zM24 22v-4M24 4c5 6 5 13 0 14-5-1-5-8 0-14zM12 42h24"],
  [/bulb|torch|pendant/i, "M17 33c0-5-6-7-6-15a13 13 0 0 1 26 0c0 8-6 10-6 15zM18 38h12M20 43h8M20 21l4 4 4-4"],
  [/sock|slipper/i, "M17 5h13v20l-1 3c-4 8-9 14-15 14a7 7 0 0 1-4-13l7-5zM17 12h13"],
  [/blanket|towel|bedding|rug|mat\b|tarp/i, "M8 10h26v24H8zM34 16h6v24H14v-6M8 16h26M8 28h26M15 10v24M27 10v24"],
  [/apron|tote/i, "M9 18h30l-3 24H12zM16 18v-4a8 8 0 0 1 16 0v4M18 28h12"],
  [/hammer|plane|vice/i, "M8 12h20l8 5-8 3H8zM16 20h7l-1 22h-5z"],
  [/screwdriver|darning|needle/i, "M30 18 42 6M26 16l6 6-12 4-4-4zM16 22l4 4-9 14-5 2 2-5z"],
  [/\bsaw/i, "M6 34 34 8l4 4-22 26-2-3-3 1-1-3-3 1zM34 8l6-2 2 6-4 0"],
  [
    /tape|compass|gauge/i,
    "M24 6a18 18 0 1 0 0 36 18 18 0 0 0 0-36zM24 10v4M24 34v4M10 24h4M34 24h4M30 18l-4 8-8 4 4-8z",
  ],
  [/hammock/i, "M4 14c10 22 30 22 40 0M4 14l4 0M44 14h-4M11 24l8-14M37 24l-8-14M19 30 24 10l5 20"],
  [/chess/i, "M16 42h18M18 38h14c0-8 4-12 2-20-2-6-7-9-13-10l-1 5-8 9 3 4 7-3c1 5-4 8-4 15z"],
  [/card|domino|dice|shut the box/i, "M10 9h18v27H10zM28 14l9 3-7 24-14-4M19 17v0M15 22.500h8M19 28v0"],
  [/jigsaw|tangram|puzzle/i, "M8 16h11c-3-8 9-8 6 0h12v10c8-3 8 9 0 6v10H25c3-7-9-7-6 0H8z"],
  [/marble/i, "M6 12h24c8 0 8 11 0 11H16c-8 0-8 12 0 12h26M11 7v0M24 18v0M38 30a3 3 0 1 0 0-.1"],
  [/kitchen/i, "M14 4v16M9 4v10a5 5 0 0 0 10 0V4M14 20v24M34 4c-6 4-6 16-2 20h2zM34 24v20"],
  [/coffee|tea\b/i, "M10 18h24v14a8 8 0 0 1-8 8h-8a8 8 0 0 1-8-8zM34 21c8 0 8 12 0 12"],
  [/desk|paper|book/i, "M24 12c-6-4-12-4-18-2v28c6-2 12-2 18 2 6-4 12-4 18-2V10c-6-2-12-2-18 2zM24 12v28"],
  [
    /garden|plant|seed/i,
    "M24 42V22M24 26c-10 0-14-6-14-14 10 0 14 6 14 14zM24 22c0-9 5-13 14-14 0 9-5 14-14 14zM14 42h20",
  ],
  [
    /light/i,
    "M24 14a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM24 4v5M24 39v5M4 24h5M39 24h5M10 10l3 3M35 35l3 3M38 10l-3 3M10 38l3-3",
  ],
  [/textile|linen|wool|cloth/i, "M16 6 6 14l5 8 4-2v22h18V20l4 2 5-8-10-8c-3 5-13 5-16 0z"],
  [/tool|repair/i, "M40 12l-7 7-5-5 7-7c-7-3-15 4-12 12L6 36l6 6 17-17c8 3 14-5 11-13z"],
  [/outdoor|camp/i, "M4 40 24 8l20 32zM24 8v0M17 40l7-13 7 13"],
  [/game|toy/i, "M10 10h28v28H10zM17 17v0M31 17v0M24 24v0M17 31v0M31 31v0"],
];

/** For products of which no word is known. */
export const anyGlyph = "M8 16 24 7l16 9v17l-16 9-16-9zM8 16l16 9 16-9M24 25v17M16 11.500l16 9";
