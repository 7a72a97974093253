// The package as npm packs it, of a copy of this project: packing changes package.json for a moment.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../root.ts'

const run = promisify(execFile)

/** Packs into `folder`; gives the path of the tarball, and the copy of the project that was packed. */
export async function packProject(folder: string): Promise<{ readonly tarball: string; readonly project: string }> {
  const project = join(folder, 'project')
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  const paths = stdout.split('\0').filter((one) => one !== '')
  for (const place of new Set(paths.map(dirname))) await mkdir(join(project, place), { recursive: true })
  for (const path of paths) await copyFile(join(ROOT, path), join(project, path))
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project })
  return { tarball: join(folder, packed.stdout.trim().split('\n').at(-1) ?? ''), project }
}
