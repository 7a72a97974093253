// The closing verdict: the published images are pulled back and judged.
import { access } from 'node:fs/promises'
import { judgeArguments } from '../cli/judge-options.ts'
import { setAside, writeWhole } from '../judge/verdict/report-file.ts'
import type { PublishCommand } from './options.ts'

/** The main job: its arguments, its exit status. */
export type Judge = (args: readonly string[]) => Promise<number>

/** Another place than that of the verdict which the images were published on. */
const PUBLISHED_REPORT = 'report/published.json'

/** `report` is the verdict that it was published on; undefined where there was none. */
export type Published = { readonly references: readonly string[]; readonly report: Uint8Array | undefined }

/**
 * Gives the exit status of the main job. Where the registry could not be asked, says so, and leaves what was judged: the
 * verdict with what could not be, or the one that it was published on. The verdict is written to `path`.
 */
export async function verifyPublished(
  { references, report }: Published,
  options: PublishCommand,
  judge: Judge,
  path = PUBLISHED_REPORT,
): Promise<number> {
  await setAside(path)
  const status = await judge([...references, ...judgeArguments(options, { report: path })])
  if (status !== 2) return status
  const isJudged = await access(path).then(
    () => true,
    () => false,
  )
  if (!isJudged && report !== undefined) await writeWhole(path, Buffer.from(report).toString('utf8'))
  const holds = isJudged
    ? `${path} has what could be judged`
    : report === undefined
      ? 'there is no verdict on it'
      : `${path} has the verdict that it was published on`
  process.stderr.write(
    `published, but not judged where it is: the registry could not be asked for all of it; ${holds}; rerun to resume\n`,
  )
  return status
}
