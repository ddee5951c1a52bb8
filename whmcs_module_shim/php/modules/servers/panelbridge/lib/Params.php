<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * What WHMCS hands over ($params, hook variables, posted fields), with its HTML entities decoded exactly once.
 *
 * WHMCS stores and passes some text entity-encoded, sends numbers as int or string and booleans as true, "on"
 * or "1", and leaves keys out (the vendor's sample test calls every function with an empty array).
 */
final class Params
{
    /** @param array<mixed> $decoded */
    private function __construct(private readonly array $decoded, public readonly ?object $model)
    {
    }

    /** @param array<mixed> $raw as WHMCS gave it */
    public static function of(array $raw): self
    {
        $model = is_object($raw['model'] ?? null) ? $raw['model'] : null;
        $params = new self(self::decode($raw), $model);
        Redactor::learn($params->text('password'), $params->text('serverpassword'), $params->text('serveraccesshash'));
        Redactor::learn($params->member('customfields', 'Device MAC'));
        return $params;
    }

    /**
     * The same reading for what never was entity-encoded: answers of the bridge.
     *
     * @param array<mixed> $plain
     */
    public static function ofPlain(array $plain): self
    {
        return new self($plain, null);
    }

    public function text(string $key, string $default = ''): string
    {
        $value = $this->decoded[$key] ?? null;
        return is_scalar($value) ? trim(self::scalar($value)) : $default;
    }

    /** Untrimmed: a password may begin or end with a space. */
    public function exact(string $key): string
    {
        $value = $this->decoded[$key] ?? null;
        return is_scalar($value) ? self::scalar($value) : '';
    }

    public function number(string $key): int
    {
        $text = $this->text($key);
        return preg_match('/^\d{1,18}$/', $text) === 1 ? (int) $text : 0;
    }

    public function flag(string $key): bool
    {
        return in_array(strtolower($this->text($key)), ['1', 'on', 'true', 'yes'], true);
    }

    /** A member of a map such as `customfields`, or '' when either is missing. */
    public function member(string $map, string $name): string
    {
        $value = $this->list($map)[$name] ?? null;
        return is_scalar($value) ? trim(self::scalar($value)) : '';
    }

    /** @return array<mixed> */
    public function list(string $key): array
    {
        $value = $this->decoded[$key] ?? null;
        return is_array($value) ? $value : [];
    }

    public function serviceId(): int
    {
        return $this->number('serviceid');
    }

    private static function scalar(int|float|string|bool $value): string
    {
        return is_bool($value) ? ($value ? '1' : '') : (string) $value;
    }

    /**
     * @param array<mixed> $raw
     * @return array<mixed>
     */
    private static function decode(array $raw): array
    {
        $decoded = [];
        foreach ($raw as $key => $value) {
            $name = is_string($key) ? Text::decoded($key) : $key;
            if (is_string($value)) {
                $decoded[$name] = Text::decoded($value);
            } elseif (is_array($value)) {
                $decoded[$name] = self::decode($value);
            } elseif (is_scalar($value)) {
                $decoded[$name] = $value;
            }
        }
        return $decoded;
    }
}
