<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Module\Server\Panelbridge\Wire\Reply;

/** One answer of the bridge, read strictly: a reply that breaks the contract is an error, never a success. */
final class Answer
{
    /**
     * @param 'success'|'pending'|'error' $result
     * @param array<string, mixed> $account empty where there is none
     * @param array<string, mixed> $operation empty where there is none
     * @param array<string, mixed> $data empty where there is none
     */
    private function __construct(
        public readonly int $status,
        public readonly string $result,
        public readonly string $message,
        public readonly string $requestId,
        public readonly string $code,
        public readonly string $advice,
        public readonly string $field,
        public readonly string $customer,
        public readonly bool $retrySafe,
        public readonly array $account,
        public readonly array $operation,
        public readonly array $data
    ) {
    }

    /** @throws CallError when the reply is not an answer of the bridge */
    public static function fromReply(Reply $reply): self
    {
        $members = json_decode($reply->body, true, 32);
        if (!is_array($members) || !is_string($members['result'] ?? null)) {
            throw CallError::notUnderstood(Language::text('why_not_understood', [
                'status' => $reply->status,
                'type' => Text::line($reply->contentType) ?: Language::text('no_content_type'),
            ]));
        }
        self::learnSecrets($members);
        $result = self::resultOf($reply->status, $members['result']);
        return new self(
            $reply->status,
            $result,
            self::firstOf($members, ['message', 'detail', 'title']),
            Text::line(self::text($members, 'request_id')),
            Text::line(self::text($members, 'code')) ?: ($result === 'error' ? 'http_' . $reply->status : ''),
            Text::told(self::text($members, 'advice')),
            Text::line(self::text($members, 'field')),
            Text::told(self::text($members, 'customer')),
            ($members['retry_safe'] ?? true) !== false,
            self::map($members, 'account'),
            self::map($members, 'operation'),
            self::map($members, 'data')
        );
    }

    public function isPending(): bool
    {
        return $this->result === 'pending';
    }

    public function username(): string
    {
        return self::text($this->account, 'username');
    }

    public function password(): string
    {
        return self::text($this->account, 'password');
    }

    /**
     * How the customer connects: lines of label and value, in the order to show them.
     *
     * @return list<array{label: string, value: string, secret: bool}>
     */
    public function connect(): array
    {
        $lines = [];
        foreach (self::map($this->account, 'connect') as $line) {
            $value = is_array($line) ? self::text($line, 'value') : '';
            if ($value !== '') {
                $secret = ($line['secret'] ?? true) !== false;
                $label = Text::line(self::text($line, 'label'));
                $lines[] = ['label' => $label, 'value' => $value, 'secret' => $secret];
            }
        }
        return $lines;
    }

    /** What the account says under a name, as plain text; '' where it says nothing. */
    public function of(string $name): string
    {
        return Text::line(self::text($this->account, $name));
    }

    public function operationId(): int
    {
        $id = $this->operation['id'] ?? 0;
        return is_int($id) || (is_string($id) && ctype_digit($id)) ? (int) $id : 0;
    }

    /** @return list<array<string, mixed>> the maps of a list in `data` */
    public function maps(string $name): array
    {
        $list = $this->data[$name] ?? null;
        return is_array($list) ? array_values(array_filter($list, 'is_array')) : [];
    }

    /** @return list<string> the texts of a list in `data` */
    public function texts(string $name): array
    {
        $list = $this->data[$name] ?? null;
        $texts = is_array($list) ? array_filter($list, 'is_string') : [];
        return array_values(array_filter(array_map([Text::class, 'line'], $texts)));
    }

    /** @param array<mixed> $members */
    private static function learnSecrets(array $members): void
    {
        $items = self::map(self::map($members, 'data'), 'items');
        foreach ([self::map($members, 'account'), ...array_filter($items, 'is_array')] as $holder) {
            Redactor::learn(self::text($holder, 'password'));
            foreach (self::map($holder, 'connect') as $line) {
                if (is_array($line) && ($line['secret'] ?? true) !== false) {
                    Redactor::learn(self::text($line, 'value'));
                }
            }
        }
    }

    /** @return 'success'|'pending'|'error' */
    private static function resultOf(int $status, string $claimed): string
    {
        return match (true) {
            $status === 200 && $claimed === 'success' => 'success',
            $status === 202 && $claimed === 'pending' => 'pending',
            $status >= 400 && $claimed === 'error' => 'error',
            default => throw CallError::notUnderstood(
                Language::text('why_contradiction', ['status' => $status, 'result' => Text::line($claimed)])
            ),
        };
    }

    /**
     * @param array<mixed> $members
     * @param list<string> $names
     */
    private static function firstOf(array $members, array $names): string
    {
        foreach ($names as $name) {
            if (self::text($members, $name) !== '') {
                return Text::told(self::text($members, $name));
            }
        }
        return '';
    }

    /** @param array<mixed> $members */
    private static function text(array $members, string $name): string
    {
        $value = $members[$name] ?? null;
        return is_string($value) || is_int($value) || is_float($value) ? (string) $value : '';
    }

    /**
     * @param array<mixed> $members
     * @return array<string, mixed>
     */
    private static function map(array $members, string $name): array
    {
        $value = $members[$name] ?? null;
        return is_array($value) ? $value : [];
    }
}
