// Writes a .br and a .gz beside every file of a site folder, for those whose compressed twin is not of this very file.
// A twin carries its source's modification time, so that a second run reads nothing, and Last-Modified agrees in all three.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [folder, quality] = process.argv.slice(2);
const encoders = {
  '.br': (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: Number(quality), [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  '.gz': (bytes) => gzipSync(bytes, { level: 9 }),
};

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || /\.(br|gz|png|webp|woff2|stamp)$/.test(path)) continue;
  const time = Math.trunc(modified(path) / 1000);
  for (const [suffix, encode] of Object.entries(encoders)) {
    if (modified(path + suffix) === time * 1000) continue;
    writeFileSync(path + suffix, encode(readFileSync(path)));
    utimesSync(path + suffix, time, time);
  }
}
