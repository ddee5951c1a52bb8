<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Keeps secrets out of logs and messages: first by the name of a key, then by every form of a known value. */
final class Redactor
{
    private const HIDDEN = '[hidden]';
    private const SECRET_KEY = '/pass|secret|token|authorization|api_?key|accesshash|mac$|playlist|url$/i';

    /** Shorter values would mask unrelated text and turn the mask into an oracle. */
    private const SHORTEST = 4;

    /** @var array<string, list<string>> every form, by the raw value */
    private static array $known = [];

    public static function learn(string ...$values): void
    {
        foreach ($values as $value) {
            if (strlen($value) >= self::SHORTEST && !isset(self::$known[$value])) {
                self::$known[$value] = self::forms($value);
            }
        }
    }

    public static function forgetAll(): void
    {
        self::$known = [];
    }

    /** @return list<string> the mask list of logModuleCall, longest first so that no part of a form survives */
    public static function masks(): array
    {
        $masks = array_values(array_unique(array_merge(...array_values(self::$known))));
        usort($masks, static fn (string $a, string $b): int => strlen($b) <=> strlen($a));
        return $masks;
    }

    public static function clean(string $text): string
    {
        return str_replace(self::masks(), self::HIDDEN, $text);
    }

    /**
     * @param array<mixed> $named
     * @return array<mixed>
     */
    public static function cleanNamed(array $named): array
    {
        $clean = [];
        foreach ($named as $key => $value) {
            if (is_string($key) && preg_match(self::SECRET_KEY, $key) === 1) {
                $clean[$key] = self::HIDDEN;
            } elseif (is_array($value)) {
                $clean[$key] = self::cleanNamed($value);
            } else {
                $clean[$key] = is_string($value) ? self::clean($value) : $value;
            }
        }
        return $clean;
    }

    /** @return list<string> */
    private static function forms(string $value): array
    {
        $flags = JSON_INVALID_UTF8_SUBSTITUTE;
        $forms = [
            $value,
            rawurlencode($value),
            urlencode($value),
            trim((string) json_encode($value, $flags), '"'),
            trim((string) json_encode($value, $flags | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), '"'),
            htmlspecialchars($value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8'),
        ];
        $forms[] = base64_encode($value);
        foreach ([0, 1, 2] as $offset) {
            // Inside a longer base64 text the value sits at one of three offsets; characters it shares are cut off.
            $encoded = rtrim(base64_encode(str_repeat("\0", $offset) . $value), '=');
            $whole = ($offset + strlen($value)) % 3 === 0;
            $forms[] = substr($encoded, $offset === 0 ? 0 : $offset + 1, $whole ? null : -1);
        }
        foreach ($forms as $form) {
            $forms[] = strtr($form, '+/', '-_');
        }
        $long = static fn (string $form): bool => strlen($form) >= self::SHORTEST;
        return array_values(array_unique(array_filter($forms, $long)));
    }
}
