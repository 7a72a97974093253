import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../usage-error.ts'
import { findOwnFiles } from './own-files.ts'

describe('findOwnFiles', () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'own-files-'))
    await mkdir(join(root, 'repository/.git'), { recursive: true })
    await mkdir(join(root, 'repository/clusters/a'), { recursive: true })
    for (const path of ['', 'repository', 'repository/clusters', 'repository/clusters/a'])
      await chmod(join(root, path), 0o755)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await rm(root, { recursive: true })
  })

  const write = async (...paths: readonly string[]): Promise<void> => {
    for (const path of paths) {
      await writeFile(join(root, path), '')
      await chmod(join(root, path), 0o644)
    }
  }
  const find = (folder: string) => findOwnFiles(join(root, folder))

  it('finds the nearest of each, up to the root of the repository', async () => {
    await write('repository/talos-image.yaml', 'repository/waivers.yaml', 'repository/clusters/talos-image.lock.json')
    expect(find('repository/clusters/a')).toEqual({
      contract: '../../talos-image.yaml',
      lock: '../talos-image.lock.json',
      waivers: '../../waivers.yaml',
    })
    await write('repository/clusters/a/talos-image.yaml')
    expect(find('repository/clusters/a')).toEqual({ contract: 'talos-image.yaml', lock: '../talos-image.lock.json' })
  })

  it('takes waivers only from beside the contract', async () => {
    await write('repository/talos-image.yaml', 'repository/clusters/waivers.yaml')
    expect(find('repository/clusters')).toEqual({ contract: '../talos-image.yaml' })
    expect(find('repository/clusters/a')).not.toHaveProperty('waivers')
  })

  it('looks no further than the root of the repository, and outside of one no further than here', async () => {
    await write('talos-image.yaml')
    expect(find('repository/clusters')).toEqual({})
    await rm(join(root, 'repository/.git'), { recursive: true })
    expect(find('repository')).toEqual({})
    expect(find('')).toEqual({ contract: 'talos-image.yaml' })
  })

  it.each([
    ['a folder that others can write in', 'repository', 0o777],
    ['a folder that others can write in above the repository', '', 0o777],
    ['a file that others can write', 'repository/talos-image.yaml', 0o666],
  ])('refuses %s', async (_, path, mode) => {
    await write('repository/talos-image.yaml')
    await chmod(join(root, path), mode)
    expect(() => find('repository/clusters')).toThrow(UsageError)
    expect(() => find('repository/clusters')).toThrow(
      `others can write in ${join(root, path).replace(/\/$/, '')} (chmod go-w `,
    )
    await chmod(join(root, path), 0o755)
    expect(find('repository/clusters')).toEqual({ contract: '../talos-image.yaml' })
  })

  it('takes a file below a folder in which everybody moves only what is theirs', async () => {
    await write('repository/talos-image.yaml')
    await chmod(root, 0o1777)
    expect(find('repository')).toEqual({ contract: 'talos-image.yaml' })
  })

  it('refuses a link to a file that others can replace', async () => {
    await mkdir(join(root, 'open'))
    await write('open/contract.yaml')
    await symlink(join(root, 'open/contract.yaml'), join(root, 'repository/talos-image.yaml'))
    expect(find('repository')).toEqual({ contract: 'talos-image.yaml' })
    await chmod(join(root, 'open'), 0o777)
    expect(() => find('repository')).toThrow(/others can write in .*\/open \(chmod go-w .*--contract/)
  })

  it('says who owns what is not ours', async () => {
    await write('repository/talos-image.yaml')
    const uid = process.getuid?.() ?? 0
    if (uid === 0) await chown(join(root, 'repository/talos-image.yaml'), 4242, 4242)
    else vi.spyOn(process, 'getuid').mockReturnValue(uid + 1)
    const [owner, we] = uid === 0 ? [4242, 0] : [uid, uid + 1]
    expect(() => find('repository')).toThrow(`talos-image.yaml is owned by uid ${owner} (you are ${we})`)
  })
})
