/**
 * Claude Code puts words of its own beside the person's into user messages: reminders, records of slash commands,
 * marks of interruptions, requests to go on. Text is read for them here and nowhere else.
 */
const reminderAtStart = /^\s*<system-reminder>[\s\S]*?<\/system-reminder>\s*/
// The lazy form would begin at the first reminder and swallow what stands between it and the last.
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

/** The person's part of a text block; empty when all of it is Claude Code's. */
export function toPersonText(block: string): string {
  if (recordOfCommand.test(block) || wordsOfClaudeCode.some(words => words.test(block))) return ''
  return withoutReminders(block)
}

/** A prompt or a tool's result without the reminders that Claude Code has put before and behind it. */
export function withoutReminders(block: string): string {
  // Only at the ends: a reminder in the middle of a sentence is one that the person has typed.
  let rest = block
  for (;;) {
    const shorter = rest.replace(reminderAtStart, '').replace(reminderAtEnd, '')
    if (shorter === rest) return rest === block ? block : rest.trim()
    rest = shorter
  }
}

/** Whether the block tells that a background task has come to its end: it starts a turn without a person's prompt. */
export function isNotification(block: string): boolean {
  return notification.test(block)
}

/** Whether the block asks for the summary that is to replace the conversation (`/compact`). */
export function asksForSummary(block: string): boolean {
  return compaction.test(block)
}

/** The working directory that Claude Code's description of the environment names, if this text is one. */
export function findWorkingDirectory(words: string): string | undefined {
  const match = /^[ \t]*(?:- )?(?:Primary w|W)orking directory: (.+?)[ \t]*$/m.exec(words)
  return match?.[1]
}
