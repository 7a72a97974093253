// The bytes between the sections of a PE file.
import { skipPadding } from '../../bytes/padding.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { PeSection } from './pe.ts'

/** Sections with a byte other than 0 behind their size in memory; TRUNCATED where one is outside the file. */
export async function unpaddedSections(
  source: ByteSource,
  sections: readonly PeSection[],
): Promise<readonly PeSection[]> {
  const unpadded: PeSection[] = []
  for (const section of sections) {
    const { virtualSize, rawSize, offset } = section
    if (rawSize <= virtualSize) continue
    const padding = source.slice(offset + virtualSize, rawSize - virtualSize)
    if ((await skipPadding(padding, 0)) < padding.size) unpadded.push(section)
  }
  return unpadded
}
