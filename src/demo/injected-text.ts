/**
 * Claude Code adds its own texts to user messages: reminders, records of slash commands, marks of interruptions,
 * requests to continue. Only this file parses them.
 */
const reminderAtStart = /^\s*<system-reminder>[\s\S]*?<\/system-reminder>\s*/
// A lazy match would begin at the first reminder and swallow the text up to the last one.
const reminderAtEnd = /\s*<system-reminder>(?:(?!<system-reminder>)[\s\S])*<\/system-reminder>\s*$/

const recordOfCommand =
  /^\s*<(local-command-(?:caveat|stdout|stderr)|command-(?:name|message|args|contents)|bash-(?:input|stdout|stderr))>/

const wordsOfClaudeCode = [
  /^\s*\[Request interrupted by user/,
  /^Output token limit hit[ .]/,
  /^Your response was cut off because it exceeded the output token limit/,
  /^Continue from where you left off\./,
  /^Your response above was (?:stopped by a safety classifier|cut off mid-stream)/,
  /^\[Your previous response had no visible output/,
]

const notification = /<system-reminder>\s*\[SYSTEM NOTIFICATION/
const compaction =
  /^CRITICAL: Respond with TEXT ONLY\. Do NOT call any tools|^Your task is to create a detailed summary/

/** Returns the person's part of a text block; empty if all of it is Claude Code's. */
export function toPersonText(block: string): string {
  if (recordOfCommand.test(block) || wordsOfClaudeCode.some(words => words.test(block))) return ''
  return withoutReminders(block)
}

/** Removes the reminders that Claude Code has added before and after a prompt or a tool's result. */
export function withoutReminders(block: string): string {
  // Only at the ends: a reminder in the middle was typed by the person.
  let rest = block
  for (;;) {
    const shorter = rest.replace(reminderAtStart, '').replace(reminderAtEnd, '')
    if (shorter === rest) return rest === block ? block : rest.trim()
    rest = shorter
  }
}

/** Whether the block reports the end of a background task, which starts a turn without a prompt. */
export function isNotification(block: string): boolean {
  return notification.test(block)
}

/** Whether the block asks for a summary of the conversation (`/compact`). */
export function asksForSummary(block: string): boolean {
  return compaction.test(block)
}

/** Whether the text asks what the person might write next (SDK option `promptSuggestions`). */
export function asksForSuggestion(words: string): boolean {
  return words.trimStart().startsWith('[SUGGESTION MODE:')
}

/** Returns the working directory in Claude Code's description of the environment, if the text is one. */
export function findWorkingDirectory(words: string): string | undefined {
  const match = /^[ \t]*(?:- )?(?:Primary w|W)orking directory: (.+?)[ \t]*$/m.exec(words)
  return match?.[1]
}

/** Returns the names of tools that may be called although the request does not describe them, if the text lists any. */
export function findDeferredTools(words: string): string[] {
  const match = /load tool schemas before calling them:\n((?:\w+(?:\n|$))+)/.exec(words)
  return match?.[1]?.trim().split('\n') ?? []
}

/** Returns the beginning of the session that a title is asked for; undefined: none is asked for. */
export function findUntitled(text: string): string | undefined {
  return /^<session>\s*(\S.*)/.exec(text)?.[1]
}
