// A layout in a folder: its files are open as long as the store is.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import * as samples from '../../testing/oci-samples.ts'
import { OCI_MANIFEST } from '../image/media-types.ts'
import { openLayout } from './store-layout.ts'

it('closes a file that is still being opened when it is closed', async () => {
  const path = await mkdtemp(join(tmpdir(), 'layout-'))
  try {
    const image = samples.imageOf([samples.tarOf([{ name: 'a' }])])
    const manifest = samples.descriptorOf(image.manifest, OCI_MANIFEST)
    for (const [name, bytes] of samples.layoutFiles(samples.indexOf([manifest]), image.blobs)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), bytes)
    }
    const store = await openLayout({ kind: 'oci', path })
    const opening = store.open(manifest)
    await store.close()
    const source = await opening
    await expect(source.read(0, 1)).rejects.toThrow('file closed')
  } finally {
    await rm(path, { recursive: true })
  }
})
