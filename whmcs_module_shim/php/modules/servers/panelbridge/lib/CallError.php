<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use RuntimeException;

/**
 * A call that did not succeed, in words a person can act on: what failed, why, what to do, whether repeating is safe.
 *
 * `sent` is false when certainly nothing reached the bridge, `retryable` is true when the same call may succeed later
 * without anybody changing anything.
 */
final class CallError extends RuntimeException
{
    /** What passes by itself, or by what others do meanwhile. */
    private const WORTH_REPEATING = ['panel_unreachable', 'insufficient_credit', 'in_progress', 'secret_unreadable'];

    private function __construct(
        public readonly string $kind,
        public readonly string $why,
        public readonly string $advice,
        public readonly bool $repeatIsSafe,
        public readonly bool $sent,
        public readonly bool $retryable,
        public readonly ?Answer $answer = null
    ) {
        parent::__construct($why);
    }

    /**
     * Refused before anything was sent, in the language file's words for that name.
     *
     * @param array<string, int|string> $values
     */
    public static function here(string $name, array $values = []): self
    {
        $why = Language::text('why_' . $name, $values);
        return new self($name, $why, Language::text('advice_' . $name), true, false, false);
    }

    public static function unreachable(string $why): self
    {
        $advice = Language::text('advice_unreachable');
        return new self('unreachable', $why, $advice, true, false, true);
    }

    public static function untrusted(string $why): self
    {
        return new self('tls', $why, Language::text('advice_tls'), true, false, true);
    }

    public static function unanswered(string $why): self
    {
        return new self('unanswered', $why, Language::text('advice_unanswered'), true, true, true);
    }

    public static function notUnderstood(string $why): self
    {
        return new self('not_understood', $why, Language::text('advice_not_understood'), true, true, true);
    }

    public static function notStored(string $why): self
    {
        return new self('not_stored', $why, Language::text('advice_not_stored'), true, true, true);
    }

    /** The same, with one thing more to know. */
    public function andThen(string $more): self
    {
        $advice = rtrim(Text::sentence($this->advice) . ' ' . $more, '.');
        return new self(
            $this->kind,
            $this->why,
            $advice,
            $this->repeatIsSafe,
            $this->sent,
            $this->retryable,
            $this->answer
        );
    }

    /** Whether something may have happened: it left, and no answer says that nothing did. */
    public function mayHaveActed(): bool
    {
        return $this->sent && ($this->answer === null || $this->answer->status === 500);
    }

    /** The bridge's own refusal or failure, told in its words. */
    public static function fromAnswer(Answer $answer): self
    {
        $why = $answer->message ?: Language::text('why_no_reason', ['status' => $answer->status]);
        if ($answer->field !== '' && !str_contains($why, $answer->field)) {
            $why = rtrim($why, '.') . ' (' . $answer->field . ').';
        }
        $advice = $answer->advice !== '' ? $answer->advice : self::adviceFor($answer->status);
        $later = $answer->status >= 500 || in_array($answer->status, [408, 423, 425, 429], true)
            || $answer->code === 'writes_off'; // until a person has looked: nobody has to click for each call then
        return new self($answer->code, $why, $advice, $answer->retrySafe, true, $later, $answer);
    }

    /** Whether the same call may come out otherwise; a wrong plan is wrong again. */
    private function repeatHelps(): bool
    {
        return $this->retryable || $this->mayHaveActed() || in_array($this->kind, self::WORTH_REPEATING, true);
    }

    /** The error string of a module function. Never `success`, never empty, never a secret. */
    public function told(string $what): string
    {
        $parts = [
            Language::text('failed', ['what' => $what]) . ' ' . Text::sentence($this->why),
            Text::nextSentence($this->advice),
            $this->repeatIsSafe ? '' : Language::text('repeat_unsafe'),
            $this->repeatIsSafe && $this->repeatHelps() ? Language::text('repeat_safe') : '',
        ];
        $requestId = $this->answer === null ? '' : $this->answer->requestId;
        if ($requestId !== '') {
            $parts[] = Language::text('request', ['id' => $requestId]);
        }
        return Redactor::clean(implode(' ', array_filter($parts)));
    }

    private static function adviceFor(int $status): string
    {
        return Language::text(match (true) {
            $status === 401 || $status === 403 => 'advice_key',
            $status === 402 => 'advice_credit',
            $status === 423 || $status === 429 || $status === 503 => 'advice_wait',
            $status >= 500 => 'advice_bridge_log',
            default => 'advice_correct',
        });
    }
}
