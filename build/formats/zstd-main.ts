// The process of `zstd-apart.ts`: one frame of its input by the level that is its argument.
import { pipeline } from 'node:stream/promises'
import { zstdChunks } from './zstd.ts'

await pipeline(zstdChunks(process.stdin, Number(process.argv[2])), process.stdout)
