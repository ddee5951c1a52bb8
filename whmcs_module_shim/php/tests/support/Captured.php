<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

/** What the module did to WHMCS since the test began. */
final class Captured
{
    /** @var list<array<string, mixed>> */
    public static array $moduleCalls = [];

    /** @var list<string> */
    public static array $activity = [];

    /** @var array<string, list<callable>> */
    public static array $hooks = [];

    /** @var list<array<string, mixed>> */
    public static array $localCalls = [];

    /** @var array<string, mixed> answers of localAPI, by action: an array or a callable of the values */
    public static array $localAnswers = [];

    public static function reset(): void
    {
        self::$moduleCalls = [];
        self::$activity = [];
        self::$localCalls = [];
        self::$localAnswers = [];
    }

    /** Everything the module gave to WHMCS's logs, without the mask lists. */
    public static function logged(): string
    {
        $unmasked = static fn (array $call): array => array_diff_key($call, ['masks' => true]);
        $calls = array_map($unmasked, self::$moduleCalls);
        return var_export($calls, true) . var_export(self::$activity, true);
    }
}
