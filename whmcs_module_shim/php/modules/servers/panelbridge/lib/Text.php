<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Rules of text that more than one class needs. */
final class Text
{
    private const LONGEST_LINE = 600;

    /**
     * Undoes WHMCS's entity encoding, one layer of it; what WHMCS cannot have encoded stays as it is. Only Params may
     * call this.
     *
     * Which release passes which text encoded is documented nowhere. Encoded text holds no bare `<`, `>` or `"`, and
     * every `&` of it begins one of the five entities.
     */
    public static function decoded(string $given): string
    {
        if (strpbrk($given, '<>"') !== false || preg_match('/&(?!(amp|lt|gt|quot|apos|#0?39);)/', $given) === 1) {
            return $given;
        }
        return htmlspecialchars_decode($given, ENT_QUOTES | ENT_HTML5);
    }

    /** One bounded line without markup: texts of the bridge end in mails, the activity log and the Module Queue. */
    public static function line(string $foreign): string
    {
        $plain = strip_tags(mb_scrub($foreign, 'UTF-8'));
        $line = trim((string) preg_replace('/[\s\p{C}]+/u', ' ', $plain));
        return mb_strlen($line) > self::LONGEST_LINE ? mb_substr($line, 0, self::LONGEST_LINE - 1) . '…' : $line;
    }

    /** A line of free text from outside: secrets are taken out while they are still whole. */
    public static function told(string $foreign): string
    {
        return self::line(Redactor::clean($foreign));
    }

    public static function sentence(string $foreign): string
    {
        $line = self::told($foreign);
        return $line === '' || preg_match('/[.!?…]$/u', $line) === 1 ? $line : $line . '.';
    }

    /** A sentence that follows another one. */
    public static function nextSentence(string $foreign): string
    {
        $sentence = self::sentence($foreign);
        return mb_strtoupper(mb_substr($sentence, 0, 1)) . mb_substr($sentence, 1);
    }

    public static function html(string $plain): string
    {
        return htmlspecialchars($plain, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
    }

    /** `2026-12-20T13:00:00Z` as `2026-12-20 13:00 UTC`; what is no time stays as it is. */
    public static function time(?string $iso): string
    {
        if ($iso === null || $iso === '') {
            return '';
        }
        try {
            return (new \DateTimeImmutable($iso))->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i') . ' UTC';
        } catch (\Exception) {
            return self::line($iso);
        }
    }
}
