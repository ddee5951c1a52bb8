<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Turns whatever is thrown into what WHMCS expects: a module function never throws and never prints. */
final class Guarded
{
    public const SUCCESS = 'success';

    /** @param callable(): string $act */
    public static function verb(string $what, callable $act): string
    {
        try {
            $told = $act();
            return $told === '' ? self::unexpected($what, new \LogicException('empty answer')) : $told;
        } catch (CallError $error) {
            return $error->told($what);
        } catch (\Throwable $thrown) {
            return self::unexpected($what, $thrown);
        }
    }

    /**
     * @template T
     * @param callable(): T $act
     * @param T $otherwise
     * @return T
     */
    public static function orElse(string $what, callable $act, mixed $otherwise): mixed
    {
        try {
            return $act();
        } catch (CallError $error) {
            Log::call($what, [], $error->kind . ': ' . $error->why);
        } catch (\Throwable $thrown) {
            self::unexpected($what, $thrown);
        }
        return $otherwise;
    }

    /** The message of a foreign exception may hold values (SQL bindings), so only its place is told. */
    public static function unexpected(string $what, \Throwable $thrown): string
    {
        $place = get_class($thrown) . ' in ' . basename($thrown->getFile()) . ':' . $thrown->getLine();
        try {
            Log::call($what, [], $place);
            return Language::text('unexpected', ['what' => $what, 'place' => $place]);
        } catch (\Throwable) {
            return $what . ' failed: unexpected ' . $place;
        }
    }
}
