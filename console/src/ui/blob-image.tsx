import { type ReactNode, useEffect, useState } from 'react'

interface BlobImageProps {
  blob: Blob
  alt: string
  className?: string
  /** Stands in the place of an image that the browser cannot show. */
  broken: ReactNode
}

/** An image from memory: the page loads images from nowhere else. */
export function BlobImage({ blob, alt, className, broken }: BlobImageProps) {
  const [url, setUrl] = useState<string | null>(null)
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    setBroken(false)
    const reader = new FileReader()
    // Not as an address of the blob: opened by itself, a drawing with scripts would run with the login of the page.
    reader.onload = () => setUrl(String(reader.result))
    reader.readAsDataURL(blob)
    return () => reader.abort()
  }, [blob])
  if (isBroken) return broken
  return url === null ? null : (
    <img src={url} alt={alt} onError={() => setBroken(true)} className={className} />
  )
}
