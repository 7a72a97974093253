// npm run boot on guests that run: a right one by firmware and by its kernel, and wrong ones. Needs qemu-system-arm and
// qemu-efi-aarch64, which the command asks for where they are missing.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { conformanceSchema } from '../../judge/verdict/conformance.ts'
import { ROOT } from '../../root.ts'
import type { Tools } from '../fetch.ts'
import { run, type Check } from '../tool.ts'
import { makeUki, readParts, type Guest } from './guest.ts'

/** What must come of a guest: the status, and what the finding says. */
type Case = Guest & { readonly status: 0 | 1; readonly says?: RegExp; readonly more?: readonly string[] }

/** Enough for a machine that is busy with other things. */
const PATIENT = ['--timeout', '4m']

const CASES: readonly Case[] = [
  { name: 'right', status: 0 },
  { name: 'right', status: 0, more: ['--direct'] },
  { name: 'foreign', status: 0 },
  {
    name: 'broken',
    layer: (file, image) => (file === '1.sqsh' ? new Uint8Array(8192) : image),
    status: 1,
    says: /error mounting \/dev\/loop2: .*the layer is drbd \(1\.sqsh\)/,
  },
  {
    name: 'gone',
    layer: (file, image) => (file === '2.sqsh' ? undefined : image),
    status: 1,
    says: /open 2\.sqsh: no such file or directory; the layer is zfs \(2\.sqsh\)/,
  },
  { name: 'panicking', status: 1, says: /^the kernel panics: Attempted to kill init!/ },
  { name: 'restarting', status: 1, says: /^the machine is about to restart: rebooting in 10 seconds$/ },
  { name: 'leaving', status: 1, says: /^machined started, and the machine ends: reboot: Power down$/ },
  { name: 'endless', status: 1, says: /^the guest prints without end/, more: ['--settle', '10m'] },
  {
    name: 'silent',
    status: 1,
    says: /^the time of 30 s is over, and \/sbin\/init is not reached$/,
    more: ['--timeout', '30'],
  },
]

export function bootChecks({ folder, arm64 }: Pick<Tools, 'folder' | 'arm64'>): readonly Check[] {
  return CASES.map((one) => ({
    name: ['npm run boot on the guest', one.name, ...(one.more ?? [])].join(' '),
    run: () => boot(one, { folder: join(folder, 'boot'), arm64 }),
  }))
}

async function boot(
  { status, says, more = [], ...guest }: Case,
  { folder, arm64 }: { readonly folder: string; readonly arm64: string },
): Promise<string> {
  await mkdir(folder, { recursive: true })
  const [uki, report] = [join(folder, `${guest.name}.efi`), join(folder, `${guest.name}.json`)]
  await writeFile(uki, await makeUki(await readParts(arm64), guest))
  const program = ['--import', './scripts/preload.mjs', 'scripts/talos-image.ts', 'boot']
  const args = [...program, `uki:${uki}`, '--report', report, ...PATIENT, ...more]
  await run(process.execPath, args, { cwd: ROOT, accept: [0, 1] })
  const { candidates, exitCode } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
  const [candidate] = candidates
  const found = candidate?.rules.flatMap(({ findings }) => findings.map(({ message }) => message)) ?? []
  if (exitCode !== status || found.length !== (says === undefined ? 0 : 1) || says?.test(found[0] ?? '') === false)
    throw new Error(
      `expected ${status}${says === undefined ? '' : ` and ${String(says)}`}, got ${exitCode} and ${found.join('; ')}`,
    )
  return `${Math.round(candidate?.boot?.seconds ?? 0)} s`
}
