import { Search } from 'lucide-react'
import { Link } from 'wouter'
import type { SearchResult } from '../../../../src/client/index.ts'
import { pathOf, useSearch } from '../../api/search.ts'
import { titleOf } from '../../api/sessions.ts'
import { Marked } from '../../parts/marked.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Age, Badge } from '../../ui/small-parts.tsx'

const fields: Record<SearchResult['field'], string> = { title: 'Title', prompt: 'Prompt', answer: 'Answer' }

interface SearchResultsProps {
  text: string
  archived: 'true' | 'false' | 'all'
  /** The tags that a session must have, all of them. */
  tags: readonly string[]
}

/** The places where a text is found, each with a link to its turn. */
export function SearchResults({ text, archived, tags }: SearchResultsProps) {
  const search = useSearch(text, { archived, tags })
  if (search.isPending) return <SkeletonLines count={6} label="Searching" />
  if (search.isError) return <ErrorNotice error={search.error} onRetry={search.refetch} className="m-4" />
  const results = search.data.pages.flatMap(page => page.results)
  if (results.length === 0) {
    return (
      <EmptyState icon={<Search />} title="Nothing is found">
        All words have to appear in one title, prompt or answer. The last one may be a beginning.
      </EmptyState>
    )
  }
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <ul aria-label="Search results">
        {results.map(result => (
          <li key={`${result.sessionId} ${result.turnId} ${result.field}`} className="border-b border-line">
            <Link href={pathOf(result)} className="block px-4 py-2 outline-offset-[-2px] hover:bg-surface">
              <span className="flex min-w-0 items-center gap-2">
                <Badge>{fields[result.field]}</Badge>
                <bdi className="truncate font-medium">
                  {titleOf({ title: result.sessionTitle, sessionId: result.sessionId })}
                </bdi>
                <Age of={result.timestamp} className="ml-auto shrink-0 text-xs text-muted" />
              </span>
              <Marked
                text={result.snippet}
                matches={result.matches}
                className="line-clamp-2 text-xs text-muted"
              />
            </Link>
          </li>
        ))}
      </ul>
      {search.hasNextPage && (
        <div className="p-4">
          <Button busy={search.isFetchingNextPage} onClick={() => search.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  )
}
