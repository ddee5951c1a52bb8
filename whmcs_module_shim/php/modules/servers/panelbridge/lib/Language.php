<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** The texts of lang/. English is complete; another language may hold a part of it. */
final class Language
{
    private const FALLBACK = 'english';

    /** @var array<string, array<string, string>> */
    private static array $loaded = [];

    /** @param array<string, int|string> $values for the `:name` places of the text */
    public static function text(string $key, array $values = [], string $language = self::FALLBACK): string
    {
        $text = self::load($language)[$key] ?? self::load(self::FALLBACK)[$key] ?? $key;
        $places = [];
        foreach ($values as $name => $value) {
            $places[':' . $name] = (string) $value;
        }
        return strtr($text, $places);
    }

    public static function known(string $key): bool
    {
        return isset(self::load(self::FALLBACK)[$key]);
    }

    /** @return array<string, string> the texts whose keys begin with a prefix, for a template */
    public static function texts(string $prefix, string $language): array
    {
        $texts = [];
        foreach (self::load($language) + self::load(self::FALLBACK) as $key => $text) {
            if (str_starts_with($key, $prefix)) {
                $texts[substr($key, strlen($prefix))] = $text;
            }
        }
        return $texts;
    }

    /** @return array<string, string> */
    private static function load(string $language): array
    {
        $name = preg_match('/^[a-z]{2,20}(-[a-z]{2,10})?$/', $language) === 1 ? $language : self::FALLBACK;
        if (!isset(self::$loaded[$name])) {
            $file = dirname(__DIR__) . '/lang/' . $name . '.php';
            $texts = is_file($file) ? require $file : [];
            self::$loaded[$name] = is_array($texts) ? $texts : [];
        }
        return self::$loaded[$name];
    }
}
