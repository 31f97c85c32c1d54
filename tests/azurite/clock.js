// Lets a test set Azurite's clock: the file WA_CLOCK holds a moment at which it stands still, in
// milliseconds, or `+` and how far it is ahead. Azurite ends with the process that started it.
const fs = require("fs");

const file = process.env.WA_CLOCK;
const Real = Date;

function now() {
  const text = fs.readFileSync(file, "utf8");
  return text.startsWith("+") ? Real.now() + Number(text) : Number(text);
}

global.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length ? parts : [now()]));
  }
  static now() {
    return now();
  }
};

process.stdin.on("end", () => process.exit());
process.stdin.resume();
