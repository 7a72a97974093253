// Makes upstream's parts in a process of its own, which takes as much memory as it likes: `upstream.ts FOLDER SCALE`.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SCALES, type ScaleName } from '#fixtures/simulator/upstream/scale.ts'
import { makeUpstream } from '#fixtures/simulator/upstream/upstream.ts'
import { formatLock } from '#specs/contract/lock.ts'

const TALOS = 'v1.11.5'

const [folder, scale] = process.argv.slice(2)
if (folder === undefined || scale === undefined || !Object.hasOwn(SCALES, scale))
  throw new Error(`usage: upstream.ts FOLDER ${Object.keys(SCALES).join('|')}`)
const upstream = await makeUpstream({ releases: [TALOS], scale: scale as ScaleName })
await upstream.inputsFolder(TALOS, join(folder, 'inputs'))
await writeFile(join(folder, 'lock.json'), formatLock(await upstream.lock(TALOS)))
