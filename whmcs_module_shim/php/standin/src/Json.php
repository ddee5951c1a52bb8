<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** JSON at the edge of the command line. */
final class Json
{
    /** Objects become their class name, so that any foreign value can be shown. */
    public static function safe(mixed $value): mixed
    {
        if (is_array($value)) {
            return array_map([self::class, 'safe'], $value);
        }
        if (is_object($value)) {
            return $value instanceof \stdClass ? self::safe((array) $value) : ['class' => $value::class];
        }
        return is_resource($value) ? 'resource' : $value;
    }

    public static function encode(mixed $value): string
    {
        return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
            | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION);
    }

    /** @return array<string, mixed> */
    public static function decode(string $text): array
    {
        $value = json_decode($text === '' ? '{}' : $text, true, 64, JSON_THROW_ON_ERROR);
        return is_array($value) ? $value : throw new Refused('standard input must be one JSON object');
    }
}
